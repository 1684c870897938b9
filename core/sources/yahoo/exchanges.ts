/** Yahoo's exchange codes and the MICs (ISO 10383) they stand for. A code that is not here is kept as given. */
const mics: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    NMS: 'XNAS',
    NGM: 'XNAS',
    NCM: 'XNAS',
    NAS: 'XNAS',
    NYQ: 'XNYS',
    NYS: 'XNYS',
    PCX: 'ARCX',
    ASE: 'XASE',
    BTS: 'BATS',
    CMX: 'XCEC',
    NYM: 'XNYM',
    CME: 'XCME',
    CBT: 'XCBT',
    LSE: 'XLON',
    IOB: 'XLON',
    GER: 'XETR',
    FRA: 'XFRA',
    PAR: 'XPAR',
    AMS: 'XAMS',
    EBS: 'XSWX',
    TOR: 'XTSE',
    VAN: 'XTSX',
    JPX: 'XTKS',
    TYO: 'XTKS',
    HKG: 'XHKG',
    ASX: 'XASX',
    JNB: 'XJSE',
    TLV: 'XTAE',
  }),
);

export function micOf(exchangeCode: string): string {
  return mics.get(exchangeCode) ?? exchangeCode;
}
