import { createSocket } from 'node:dgram';

export interface DnsServer {
  /** `127.0.0.1:<port>`. */
  readonly address: string;
  stop(): Promise<void>;
}

/** A DNS server on this machine that knows the IPv4 addresses of some names, and no others. */
export async function startDns(names: Readonly<Record<string, string>>): Promise<DnsServer> {
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => socket.send(answerTo(question, names), from.port, from.address));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** RFC 1035: header, the question as it came, and the address where there is one. */
function answerTo(question: Buffer, names: Readonly<Record<string, string>>): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.subarray(at + 1, at + 1 + length).toString());
    at += length + 1;
  }
  const asked = question.subarray(12, at + 5);
  const isIPv4 = question.readUInt16BE(at + 1) === 1;
  const name = labels.join('.');
  const address = Object.hasOwn(names, name) ? names[name] : undefined;
  const found = isIPv4 && address !== undefined;
  const header = Buffer.alloc(12);
  question.copy(header, 0, 0, 2);
  // An answer, with recursion; 3 is "no such name".
  header.writeUInt16BE(address === undefined ? 0x8183 : 0x8180, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(found ? 1 : 0, 6);
  if (!found) return Buffer.concat([header, asked]);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, ...address.split('.').map(Number)]);
  return Buffer.concat([header, asked, record]);
}
