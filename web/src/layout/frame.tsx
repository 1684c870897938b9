import { useQuery } from '@tanstack/react-query';
import { Link, Outlet } from '@tanstack/react-router';
import { ChartCandlestick, LayoutDashboard, RadioTower, Search, ShieldAlert } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { quarantineQuery, sourcesQuery, systemQuery } from '../api/queries.ts';
import { StatusDisc } from '../components/status-disc.tsx';
import { needsAttention } from '../sources/status.ts';
import { shownSystem } from '../sources/system.ts';
import { plural } from '../text/format.ts';
import { Account } from './account.tsx';
import styles from './frame.module.css';
import { Palette } from './palette.tsx';
import { Wordmark } from './wordmark.tsx';

/** What is around every page: where one can go, what needs a person, and how everything is. */
export function Frame() {
  const [paletteOpen, setPaletteOpen] = useState(false);
  const attention = useQuery(sourcesQuery).data?.filter(needsAttention).length ?? 0;
  const quarantine = useQuery(quarantineQuery).data;

  useEffect(() => {
    const open = (event: KeyboardEvent) => {
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
        <Page to="/" icon={<LayoutDashboard />} label="Overview" exact />
        <Page to="/market" icon={<ChartCandlestick />} label="Market" />
        <Page
          to="/sources"
          icon={<RadioTower />}
          label="Sources"
          count={attention}
          meaning={`${plural(attention, 'needs', 'need')} attention`}
        />
        <Page
          to="/quarantine"
          icon={<ShieldAlert />}
          label="Quarantine"
          count={quarantine?.rows.length ?? 0}
          more={quarantine?.more ?? false}
          meaning={plural(quarantine?.rows.length ?? 0, 'row')}
        />
        <Account className={styles.page} />
      </nav>
      <header className={styles.head}>
        <div className={styles.headBrand}>
          <Wordmark />
        </div>
        <button type="button" className={styles.search} onClick={() => setPaletteOpen(true)}>
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
      {paletteOpen && <Palette onClose={() => setPaletteOpen(false)} />}
    </div>
  );
}

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

function Page({
  to,
  icon,
  label,
  count = 0,
  more = false,
  meaning = '',
  exact = false,
}: {
  to: '/' | '/market' | '/sources' | '/quarantine';
  icon: ReactNode;
  label: string;
  count?: number;
  more?: boolean;
  meaning?: string;
  exact?: boolean;
}) {
  return (
    <Link to={to} className={styles.page} activeOptions={{ exact, includeSearch: false }}>
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
