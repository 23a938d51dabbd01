import { jointMethod } from './joint';

/**
 * What adaptation is held against: the network of the source domain, applied to the target domain as it is. Unlike the
 * task-specific network it keeps its last weights, since its best ones would be chosen by labels of the target domain.
 */
export const sourceOnly = jointMethod('source-only', null);
