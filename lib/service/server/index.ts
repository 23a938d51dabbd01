export { type Api, createApi, createService, type RouteContext } from './app';
export { datasetCatalog, type OpenApiOptions, openApi } from './compose';
export type { ApiDeps, SweepCommands } from './deps';
