/** The suite of the direct engine once more, over the HTTP client that the server gives it on Node. */
process.env['UPSTREAM_CLIENT'] = 'node';
await import('./engine.test.ts');
