export * from './evidence';
export * from './issues';
export * from './jobs';
export * from './plans';
export * from './policy';
export * from './sweep-spec';
export * from './transfer-sizes';
export * from './views';
