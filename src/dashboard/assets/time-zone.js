/** Days begin at the reader's midnight: the server learns the zone from the address, which this adds once. */

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const address = new URL(location.href);
if (!address.searchParams.has('timeZone') && zone !== undefined && zone !== 'UTC') {
  address.searchParams.set('timeZone', zone);
  location.replace(address);
}
