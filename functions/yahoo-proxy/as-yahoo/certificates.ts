/**
 * X.509 certificates for `quotron proxy --as-yahoo`: of an authority that can speak for some hosts only, and of a server
 * by it. What is in them; files are `authority.ts`.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  NameConstraints,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';

/** A certificate with its key, both in PEM. */
export interface CertifiedKey {
  readonly certificate: string;
  readonly key: string;
}

export interface Period {
  readonly from: Date;
  readonly until: Date;
}

const ecdsaWithSha256 = '1.2.840.10045.4.3.2';
const organizationName = '2.5.4.10';
const commonName = '2.5.4.3';

/** A new authority that may certify the hosts, names below them, no address, and no other authority. */
export function makeAuthority(hosts: readonly string[], period: Period): CertifiedKey {
  const key = newKey();
  const publicKey = publicKeyOf(key);
  // The end of its key tells two installations apart.
  const name = nameOf(`Yahoo for programs of this machine ${hex(publicKey.id).slice(0, 8)}`);
  const nowhere = ['0.0.0.0/0', '::/0'].map((iPAddress) => new GeneralName({ iPAddress }));
  const constraints = new NameConstraints({
    permittedSubtrees: subtrees(hosts.map((dNSName) => new GeneralName({ dNSName }))),
    // A list of host names says nothing of addresses, which would be free.
    excludedSubtrees: subtrees(nowhere),
  });
  const extensions = [
    extension(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 }), true),
    extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign), true),
    extension(id_ce_nameConstraints, constraints, true),
    extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(publicKey.id)),
  ];
  return signed({ issuer: name, subject: name, publicKey: publicKey.info, period, extensions }, key, key);
}

/** A certificate of a server for the hosts, by an authority. Whether clients take it is for the authority’s constraints. */
export function makeLeaf(authority: CertifiedKey, hosts: readonly string[], period: Period): CertifiedKey {
  const key = newKey();
  const publicKey = publicKeyOf(key);
  const issuer = readCertificate(authority.certificate).tbsCertificate;
  const extensions = [
    extension(id_ce_basicConstraints, new BasicConstraints({ cA: false }), true),
    extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), true),
    extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth])),
    extension(id_ce_subjectAltName, new SubjectAlternativeName(hosts.map((dNSName) => new GeneralName({ dNSName })))),
    extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(publicKey.id)),
    extension(
      id_ce_authorityKeyIdentifier,
      new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(publicKeyOf(authority.key).id) }),
    ),
  ];
  const subject = nameOf(hosts[0] ?? '');
  return signed({ issuer: issuer.subject, subject, publicKey: publicKey.info, period, extensions }, key, authority.key);
}

/** The hosts that an authority may certify. */
export function hostsOf(authority: string): readonly string[] {
  const extensions = readCertificate(authority).tbsCertificate.extensions ?? [];
  const found = extensions.find(({ extnID }) => extnID === id_ce_nameConstraints);
  if (!found) return [];
  const { permittedSubtrees } = AsnConvert.parse(found.extnValue, NameConstraints);
  return permittedSubtrees?.flatMap(({ base }) => base.dNSName ?? []) ?? [];
}

interface Contents {
  readonly issuer: Name;
  readonly subject: Name;
  readonly publicKey: SubjectPublicKeyInfo;
  readonly period: Period;
  readonly extensions: Extension[];
}

function signed(contents: Contents, key: string, issuerKey: string): CertifiedKey {
  const algorithm = new AlgorithmIdentifier({ algorithm: ecdsaWithSha256 });
  const serial = randomBytes(16);
  // A whole number that is not negative, and does not begin with a zero byte.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: bufferOf(serial),
    signature: algorithm,
    issuer: contents.issuer,
    validity: new Validity({ notBefore: contents.period.from, notAfter: contents.period.until }),
    subject: contents.subject,
    subjectPublicKeyInfo: contents.publicKey,
    extensions: new Extensions(contents.extensions),
  });
  const signature = sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), issuerKey);
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: bufferOf(signature),
  });
  return { certificate: pem(AsnConvert.serialize(certificate)), key };
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function publicKeyOf(key: string): { readonly info: SubjectPublicKeyInfo; readonly id: ArrayBuffer } {
  const der = createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' });
  const info = AsnConvert.parse(bufferOf(der), SubjectPublicKeyInfo);
  const digest = createHash('sha256').update(Buffer.from(info.subjectPublicKey)).digest();
  // The method of RFC 7093: the first 160 bits.
  return { info, id: bufferOf(digest.subarray(0, 20)) };
}

function extension(extnID: string, value: object, critical = false): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function subtrees(names: readonly GeneralName[]): GeneralSubtrees {
  return new GeneralSubtrees(names.map((base) => new GeneralSubtree({ base })));
}

function nameOf(common: string): Name {
  return new Name(
    [[organizationName, 'Quotron'] as const, [commonName, common] as const].map(
      ([type, utf8String]) =>
        new RelativeDistinguishedName([new AttributeTypeAndValue({ type, value: new AttributeValue({ utf8String }) })]),
    ),
  );
}

function readCertificate(text: string): Certificate {
  return AsnConvert.parse(bufferOf(Buffer.from(text.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')), Certificate);
}

function pem(der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

const hex = (bytes: ArrayBuffer) => Buffer.from(bytes).toString('hex');

/** The bytes alone: a small Node buffer is a part of a shared one. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
