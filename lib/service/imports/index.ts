export { fetchResults } from './fetch-results';
export { about, readBytes, textOf } from './files';
export { parseJson } from './json';
export { type PublishedResults, publishedResults } from './results';
export type { ImportReport } from './screen';
export { type ImportOptions, importedSweep } from './sweep';
export { readTransfers, type TransfersDocument } from './transfers';
export { readTransfersFile } from './transfers-file';
