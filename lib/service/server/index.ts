export { openApi } from './compose';
export { datasetCatalog } from './dataset-catalog';
