import { Link } from '@tanstack/react-router';
import { BookOpen, Ellipsis } from 'lucide-react';
import { useState } from 'react';
import { classNames } from '../components/class-names.ts';
import { Dialog } from '../components/dialog.tsx';
import accountStyles from './account.module.css';
import { Account } from './account.tsx';
import frameStyles from './frame.module.css';
import styles from './more.module.css';
import { pages } from './pages.tsx';

/** On a phone: the pages for which the bar has no room, and the account. */
export function More() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className={classNames(frameStyles.page, frameStyles.more, accountStyles.button)}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        <Ellipsis />
        <span>More</span>
      </button>
      {open && (
        <Dialog title="More" narrow onClose={() => setOpen(false)}>
          <ul className={styles.list}>
            {pages
              .filter(({ behindMore }) => behindMore)
              .map(({ to, label, icon }) => (
                <li key={to}>
                  <Link to={to} className={styles.link} onClick={() => setOpen(false)}>
                    {icon}
                    {label}
                  </Link>
                </li>
              ))}
            <li>
              <a href="/docs" className={styles.link}>
                <BookOpen />
                API
              </a>
            </li>
            <li>
              <Account className={classNames(styles.link, styles.account)} />
            </li>
          </ul>
        </Dialog>
      )}
    </>
  );
}
