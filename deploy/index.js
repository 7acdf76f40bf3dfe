export { default, SessionShard } from 'edge-session-worker';
