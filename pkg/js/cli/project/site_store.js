// The session store of a Django site, as docs/examples has it.

export { default as storeOfDjango } from '../../../../docs/examples/session_store.py';
