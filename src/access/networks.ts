import { BlockList, isIP } from "node:net";

/** Networks in one list. */
export const MAX_NETWORKS = 100;

/** A network of IPv4 or IPv6. */
interface Network {
  address: string;
  prefix: number;
  family: "ipv4" | "ipv6";
}

/** Tells whether an address is in one of the networks; an address that is not known is in none. */
export type IsAllowed = (address: string | undefined) => boolean;

/** Returns the text of a network as it is stored: `10.0.0.0/8`, `2001:db8::/32`. An address alone is a network of one. Undefined for any other text. */
export function readNetwork(text: string): string | undefined {
  const network = networkOf(text);
  return network && `${network.address}/${network.prefix}`;
}

/** Returns the condition of a key's networks; null stands for all. A stored text that is no network allows nothing. */
export function allowedBy(networks: readonly string[] | null): IsAllowed {
  if (networks === null) return () => true;
  // One list of both would find every address of IPv4 in `::/0`.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const { address, prefix, family } of networks.flatMap((text) => networkOf(text) ?? []))
    lists[family].addSubnet(address, prefix, family);
  return (address) => {
    if (address === undefined) return false;
    const client = plainAddress(address);
    if (isIP(client) === 0) return false;
    const family = isIP(client) === 4 ? "ipv4" : "ipv6";
    return lists[family].check(client, family);
  };
}

/** Tells whether each of the networks is in one of the others; null stands for all. */
export function areWithin(networks: readonly string[] | null, others: readonly string[] | null): boolean {
  if (others === null) return true;
  if (networks === null) return false;
  const outer = others.flatMap((text) => networkOf(text) ?? []);
  return networks.every((text) => {
    const inner = networkOf(text);
    return outer.some(
      ({ address, prefix, family }) =>
        inner?.family === family && prefix <= inner.prefix && allowedBy([`${address}/${prefix}`])(inner.address),
    );
  });
}

/** Returns an address without its zone; one of IPv4 in the form of IPv6 as IPv4. */
export function plainAddress(address: string): string {
  const plain = address.replace(/%.*$/, "");
  if (isIP(plain) !== 6) return plain;
  const [, high, low] = /^\[::ffff:([0-9a-f]+):([0-9a-f]+)\]$/.exec(new URL(`http://[${plain}]`).hostname) ?? [];
  if (high === undefined) return plain;
  const [upper, lower] = [Number.parseInt(high, 16), Number.parseInt(low!, 16)];
  return [upper >> 8, upper & 255, lower >> 8, lower & 255].join(".");
}

function networkOf(text: string): Network | undefined {
  const [, given, bits] = /^([0-9a-f:.]+)(?:\/(\d{1,3}))?$/i.exec(text.trim()) ?? [];
  if (given === undefined || isIP(given) === 0) return undefined;
  const address = plainAddress(given);
  const isMapped = address !== given && isIP(given) === 6 && isIP(address) === 4;
  const most = isIP(address) === 4 ? 32 : 128;
  const prefix = bits === undefined ? most : Number(bits) - (isMapped ? 96 : 0);
  if (prefix < 0 || prefix > most) return undefined;
  return { address, prefix, family: most === 32 ? "ipv4" : "ipv6" };
}
