import type { MethodDeclaration } from './method-declaration';

/** Ways to teach an encoder that others start from. Training code is in lib/train/methods/pretrain/<id>.ts. */
export const PRETRAIN_METHODS: readonly MethodDeclaration[] = [];
