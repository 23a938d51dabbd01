export * from './issues';
export * from './jobs';
export * from './sweep-spec';
export * from './views';
