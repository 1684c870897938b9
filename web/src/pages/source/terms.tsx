import type { SourceView } from '../../../../core/contracts/http/operations.ts';
import type { LicenceClass } from '../../../../core/contracts/words/licence.ts';
import { Moment } from '../../components/moment.tsx';
import { Section } from '../../components/page.tsx';
import styles from './terms.module.css';

const licenceWords: Readonly<Record<LicenceClass, string>> = {
  redistribute: 'Its data may be passed on: every key may see them.',
  display: 'Its data may be shown to people: keys for internal use and for display may see them.',
  internal: 'Its data are for internal use: only keys for that may see them.',
  unknown: 'What its data may be used for is not known: only keys for internal use may see them.',
};

/** What a source's data may be used for, and whether its credentials are set. Their value never comes to the page. */
export function Terms({ source }: { source: SourceView }) {
  const { terms, credentials } = source;
  return (
    <Section title="Terms and credentials">
      <dl className={styles.facts}>
        <dt>Licence</dt>
        <dd>{licenceWords[terms.licence]}</dd>
        <dt>Terms</dt>
        <dd>
          <a href={terms.url} target="_blank" rel="noreferrer">
            {new URL(terms.url).hostname}
          </a>
          , read on <time dateTime={terms.reviewed}>{terms.reviewed}</time>
        </dd>
        <dt>Credentials</dt>
        <dd>
          {credentials === null && 'It needs none.'}
          {credentials?.isSet === true && (
            <>
              Set
              {credentials.changedAt !== null && (
                <>
                  {' '}
                  <Moment at={credentials.changedAt} />
                </>
              )}
              .{' '}
            </>
          )}
          {credentials?.isSet === false && <>Not set. </>}
          {credentials !== null && (
            <>
              <code>quotron credentials set {source.id}</code> {credentials.isSet ? 'replaces' : 'sets'} them: a page in
              a browser may not.
            </>
          )}
        </dd>
      </dl>
    </Section>
  );
}
