export { transfersFromCsv } from './csv';
export { fetchResults } from './fetch-results';
export { type PublishedResults, publishedResults } from './results';
export { type ImportOptions, importedSweep } from './sweep';
export { readTransfers, type TransfersDocument } from './transfers';
