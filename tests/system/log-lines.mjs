// The Worker, and what it writes to the log.

import Worker from '../../worker/build/index.js';
import { recorded } from './recorded.mjs';
export { SessionShard } from '../../worker/build/index.js';

export default recorded(Worker);
