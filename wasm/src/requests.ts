/**
 * Whether an entry of the browser's timeline of resources was a request to the network. What comes from this
 * device was none: out of the browser's cache (something came, and nothing was transferred), or from the copy
 * that a service worker keeps, if that marks it with the Server-Timing "pleura-copy".
 */
export function isRequest({ name, transferSize, decodedBodySize, serverTiming = [] }: PerformanceResourceTiming): boolean {
  const cached = transferSize === 0 && decodedBodySize > 0;
  return !/^(blob|data):/.test(name) && !cached && !serverTiming.some(({ name }) => name === 'pleura-copy');
}
