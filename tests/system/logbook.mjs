// The Worker with the store contract in it, and what it writes to the log.

import Worker from '../../worker/build-conformance/index.js';
import { recorded } from './recorded.mjs';
export { SessionShard } from '../../worker/build-conformance/index.js';

export default recorded(Worker);
