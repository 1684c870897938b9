import { useState } from 'react';
import type { SourceView } from '../../../../core/contracts/http/operations.ts';
import type { LicenceClass } from '../../../../core/contracts/words/licence.ts';
import { Button } from '../../components/button.tsx';
import { Moment } from '../../components/moment.tsx';
import { Section } from '../../components/page.tsx';
import { CredentialsForm } from './credentials-form.tsx';
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
  const [setting, setSetting] = useState(false);
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
            <Button
              aria-label={`${credentials.isSet ? 'Replace' : 'Set'} the credentials of ${source.title}`}
              onClick={() => setSetting(true)}
            >
              {credentials.isSet ? 'Replace them' : 'Set them'}
            </Button>
          )}
        </dd>
      </dl>
      {credentials !== null && setting && (
        <CredentialsForm source={source} form={credentials.form} onClose={() => setSetting(false)} />
      )}
    </Section>
  );
}
