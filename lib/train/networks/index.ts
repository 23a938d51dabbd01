export { forward, valuesOf, type WeightLookup } from './forward';
export { depthToSpace, headChannels, type PackedLabels, packLabels, spaceToDepth } from './layout';
export {
  createParameters,
  initialWeights,
  type ParameterSpec,
  type ParameterStore,
  pickWeights,
  planParameters,
  type Weights,
} from './parameters';
