/** The WebAssembly module as runtimes and bundlers import it that compile it beforehand; to others it is a file. */
declare const module: WebAssembly.Module;
export default module;
