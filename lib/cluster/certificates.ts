// The certificate library asks for this global patch to be loaded before it.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata'
import { generateKeyPairSync, KeyObject, randomBytes, webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** PEM texts. */
export interface KeyPair {
  cert: string
  key: string
}

export interface ClusterCertificates {
  /** The CA's certificate. Its key is thrown away: nothing else is ever signed. */
  ca: string
  apiServer: KeyPair
  /** `/O=system:masters`: may do everything. */
  admin: KeyPair
  /** What the API server shows to kubelet endpoints. */
  kubeletClient: KeyPair
  /** What the node agent's kubelet endpoints show, for all nodes. */
  kubeletServer: KeyPair
  /** Signs service-account tokens. */
  serviceAccount: { publicKey: string; privateKey: string }
}

export interface CertificateOptions {
  /** IP addresses and DNS names of the API server. */
  apiServer: readonly AltName[]
  kubelets: readonly AltName[]
  /** Common name of the API server as a client of kubelets. */
  kubeletClientName: string
  /** Milliseconds since the epoch. */
  now: number
}

export interface AltName {
  type: 'ip' | 'dns'
  value: string
}

/** All keys and certificates of one cluster, valid from an hour before `now` for a year. */
export const makeCertificates = async (options: CertificateOptions): Promise<ClusterCertificates> => {
  const validity = { notBefore: new Date(options.now - HOUR_MS), notAfter: new Date(options.now + YEAR_MS) }
  const ca = await makeAuthority(validity)
  const server = (name: string, altNames: readonly AltName[]): Promise<KeyPair> =>
    makeLeaf(ca, validity, [{ CN: [name] }], ExtendedKeyUsage.serverAuth, altNames)
  const client = (name: string, organization: string): Promise<KeyPair> =>
    makeLeaf(ca, validity, [{ O: [organization] }, { CN: [name] }], ExtendedKeyUsage.clientAuth, [])
  const [apiServer, kubeletServer, admin, kubeletClient] = await Promise.all([
    server('kube-apiserver', options.apiServer),
    server('kubelet', options.kubelets),
    client('firedrill-admin', 'system:masters'),
    client(options.kubeletClientName, 'firedrill:kubelet-clients'),
  ])
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const serviceAccount = { publicKey, privateKey }
  return { ca: ca.pem, apiServer, admin, kubeletClient, kubeletServer, serviceAccount }
}

// --- Internal helpers ---

const HOUR_MS = 3_600_000
const YEAR_MS = 365 * 24 * HOUR_MS
const KEY = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' }
const CA_NAME = 'CN=firedrill-ca'

interface Validity {
  notBefore: Date
  notAfter: Date
}

interface Authority {
  pem: string
  privateKey: webcrypto.CryptoKey
}

const generateKeys = (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify'])

// The first bit is cleared: a serial number is a positive integer.
const serialNumber = (): string => {
  const bytes = randomBytes(16)
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f)
  return bytes.toString('hex')
}

const makeAuthority = async (validity: Validity): Promise<Authority> => {
  const keys = await generateKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: CA_NAME,
    serialNumber: serialNumber(),
    keys,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  })
  return { pem: certificate.toString('pem'), privateKey: keys.privateKey }
}

const makeLeaf = async (
  ca: Authority,
  validity: Validity,
  subject: Record<string, string[]>[],
  usage: ExtendedKeyUsage,
  altNames: readonly AltName[],
): Promise<KeyPair> => {
  const keys = await generateKeys()
  const certificate = await X509CertificateGenerator.create({
    ...validity,
    subject,
    issuer: CA_NAME,
    serialNumber: serialNumber(),
    publicKey: keys.publicKey,
    signingKey: ca.privateKey,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([usage]),
      ...(altNames.length > 0 ? [new SubjectAlternativeNameExtension([...altNames])] : []),
    ],
  })
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString()
  return { cert: certificate.toString('pem'), key }
}
