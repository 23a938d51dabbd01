import { type Layer, type LayerPlan, planLayers } from './layers';

/**
 * Floating-point operations of one layer's forward pass on one image: 2 per multiply-add.
 * Convolution: 2·k²·Cin·Cout·side². Biases and activations are left out (below 2 %).
 */
function layerFlops(layer: Layer): number {
  switch (layer.kind) {
    case 'conv':
      return 2 * layer.kernel ** 2 * layer.inChannels * layer.outChannels * layer.outSide ** 2;
    case 'dense':
      return 2 * layer.inSize * layer.outSize;
    case 'layer-norm':
      return 8 * layer.side ** 2 * layer.channels;
    case 'max-pool':
      return 9 * layer.outSide ** 2 * layer.channels;
    case 'stitch':
      return 2 * layer.columns * layer.channels * layer.side ** 2;
  }
}

/** Forward pass of one image through a plan. */
export const forwardFlops = (plan: LayerPlan): number =>
  plan.reduce((sum, block) => {
    const once = planLayers([block]).reduce((flops, layer) => flops + layerFlops(layer), 0);
    return sum + (block.views ?? 1) * once;
  }, 0);

/**
 * One training example: forward, gradient to the weights and gradient to the input, each as
 * dear as the forward pass; the first layers need no gradient to their input.
 */
export function trainingFlops(plan: LayerPlan): number {
  const first =
    plan[0]?.streams.reduce((sum, stream) => sum + (stream[0] ? layerFlops(stream[0]) : 0), 0) ?? 0;
  return 3 * forwardFlops(plan) - (plan[0]?.views ?? 1) * first;
}
