import { useQuery } from '@tanstack/react-query';
import { Link, Outlet } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { quarantineQuery, sourcesQuery, systemQuery } from '../api/queries.ts';
import { classNames } from '../components/class-names.ts';
import { StatusDisc } from '../components/status-disc.tsx';
import { needsAttention } from '../sources/status.ts';
import { shownSystem } from '../sources/system.ts';
import { plural } from '../text/format.ts';
import { Account } from './account.tsx';
import styles from './frame.module.css';
import { More } from './more.tsx';
import { pages } from './pages.tsx';
import { Wordmark } from './wordmark.tsx';

/** It comes once somebody reaches for it, so that what is typed at once is not lost: nothing of it is needed before. */
const palette = () => import('./palette.tsx');
const Palette = lazy(palette);

/** What is around every page: where one can go, what needs a person, and how everything is. */
export function Frame() {
  const [paletteOpen, setPaletteOpen] = useState(false);
  const attention = useQuery(sourcesQuery).data?.filter(needsAttention).length ?? 0;
  const quarantine = useQuery(quarantineQuery).data;
  const held = quarantine?.rows.length ?? 0;
  /** What needs a person, beside the page that has it. */
  const counts = new Map<string, { count: number; more?: boolean; meaning: string }>([
    ['/sources', { count: attention, meaning: `${plural(attention, 'needs', 'need')} attention` }],
    ['/quarantine', { count: held, more: quarantine?.more ?? false, meaning: plural(held, 'row') }],
  ]);

  useEffect(() => {
    const open = (event: KeyboardEvent) => {
      if (event.key === 'Meta' || event.key === 'Control') void palette();
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      setPaletteOpen((before) => !before);
    };
    addEventListener('keydown', open);
    return () => removeEventListener('keydown', open);
  }, []);

  return (
    <div className={styles.frame}>
      <a href="#page" className={styles.skip}>
        Skip to the page
      </a>
      <nav className={styles.nav} aria-label="Pages">
        <div className={styles.brand}>
          <Wordmark />
        </div>
        {pages.map((page) => (
          <Page key={page.to} page={page} {...counts.get(page.to)} />
        ))}
        <More />
        <Account className={classNames(styles.page, styles.beyond)} />
      </nav>
      <header className={styles.head}>
        <div className={styles.headBrand}>
          <Wordmark />
        </div>
        <button
          type="button"
          className={styles.search}
          onPointerEnter={() => void palette()}
          onFocus={() => void palette()}
          onClick={() => setPaletteOpen(true)}
        >
          <Search aria-hidden="true" />
          <span>Search instruments, sources, actions</span>
          <kbd>{isMac ? '⌘K' : 'Ctrl K'}</kbd>
        </button>
        <a href="/docs" className={styles.docs}>
          API
        </a>
        <State />
      </header>
      <main id="page" className={styles.main} tabIndex={-1}>
        <Outlet />
      </main>
      {paletteOpen && (
        <Suspense>
          <Palette onClose={() => setPaletteOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

function Page({
  page: { to, icon, label, behindMore },
  count = 0,
  more = false,
  meaning = '',
}: {
  page: (typeof pages)[number];
  count?: number;
  more?: boolean;
  meaning?: string;
}) {
  return (
    <Link
      to={to}
      className={classNames(styles.page, behindMore && styles.beyond)}
      activeOptions={{ exact: to === '/', includeSearch: false }}
    >
      {icon}
      <span>{label}</span>
      {count > 0 && (
        <span className={styles.count} title={meaning}>
          {count > 99 || more ? `${Math.min(count, 99)}+` : count}
          <span className={styles.unseen}> ({meaning})</span>
        </span>
      )}
    </Link>
  );
}

function State() {
  const system = useQuery(systemQuery);
  if (!system.data) {
    return <span className={styles.state}>{system.isError ? 'State not known' : ''}</span>;
  }
  const { status, sentence, healthy } = shownSystem(system.data);
  return (
    <Link to="/" className={styles.state} title={sentence}>
      <StatusDisc status={status} />
      <span>{healthy}</span>
    </Link>
  );
}
