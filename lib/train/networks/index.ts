export { forward, valuesOf, type WeightLookup } from './forward';
export { depthToSpace, type PackedLabels, packLabels, spaceToDepth } from './layout';
export {
  createParameters,
  initialWeights,
  type ParameterStore,
  pickWeights,
  planParameters,
  type Weights,
} from './parameters';
