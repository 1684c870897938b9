import { Link } from '@tanstack/react-router';
import { ChevronLeft } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './page.module.css';

/** A page that scrolls as a whole: its title, a line that says how things are, and its parts. */
export function Page({
  title,
  name = typeof title === 'string' ? title : 'Quotron',
  lead,
  above,
  children,
}: {
  title: ReactNode;
  /** What the browser calls the page; the title where that is text. */
  name?: string;
  lead?: ReactNode;
  above?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className={styles.page}>
      <title>{`${name} · Quotron`}</title>
      {above}
      <div className={styles.head}>
        <h1>{title}</h1>
        {lead !== undefined && <p className={styles.lead}>{lead}</p>}
      </div>
      {children}
    </div>
  );
}

/** The way to the list that a page belongs to. */
export function Back({ to, children }: { to: '/market' | '/models' | '/sources'; children: string }) {
  return (
    <Link to={to} className={styles.back}>
      <ChevronLeft aria-hidden="true" /> {children}
    </Link>
  );
}

/** A part of a page under its own heading. */
export function Section({ title, note, children }: { title: string; note?: ReactNode; children: ReactNode }) {
  return (
    <section className={styles.section}>
      <div className={styles.sectionHead}>
        <h2>{title}</h2>
        {note !== undefined && <p className={styles.note}>{note}</p>}
      </div>
      {children}
    </section>
  );
}
