import { createRequestHandler } from 'react-router';

/** React Router's own request handler with these modules as routes of their names. */
export function router(modules) {
  const routes = Object.fromEntries(
    Object.entries(modules).map(([id, { parentId, ...module }]) => [id, { id, parentId, path: id, module }]),
  );
  return createRequestHandler(
    {
      entry: {
        module: {
          default: (request, status, headers) => new Response('a document', { status, headers }),
          handleError: () => {}, // it would be printed
        },
      },
      routes,
      assets: { entry: { imports: [], module: '' }, routes: {}, url: '', version: '1' },
      publicPath: '/',
      assetsBuildDirectory: '',
      basename: '/',
      future: { v8_middleware: true },
      ssr: true,
      isSpaMode: false,
      prerender: [],
      routeDiscovery: { mode: 'initial' },
    },
    'production',
  );
}
