import { Piscina } from 'piscina';
import { openTasks } from '../compose';
import { answering, type ThreadData } from './thread';

/** What a thread of the server runs: `pool.ts` starts it. */
const data = Piscina.workerData as ThreadData;

export default answering(() => openTasks(data));
