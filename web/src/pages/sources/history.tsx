import { useQuery } from '@tanstack/react-query';
import { type RefObject, useEffect, useRef, useState } from 'react';
import type { SourceView } from '../../../../core/contracts/http/operations.ts';
import { useNow } from '../../api/clock.ts';
import { healthByHourQuery } from '../../api/queries.ts';
import { Trend } from '../../components/trend.tsx';
import { WeekStrip } from '../../components/week-strip.tsx';
import { weekInWords, weekOf } from '../../sources/week.ts';
import styles from './history.module.css';

/** How a source was: its last 24 hours, which come with it, and its week, which is read while the card is in view. */
export function SourceHistory({ source }: { source: SourceView }) {
  const figure = useRef<HTMLElement>(null);
  const inView = useInView(figure);
  const hours = useQuery({ ...healthByHourQuery(source.id), enabled: inView });
  const week = weekOf(hours.data ?? [], source.health.trend, useNow());
  return (
    <div className={styles.history}>
      <figure>
        <Trend trend={source.health.trend} />
        <figcaption>Last 24 hours</figcaption>
      </figure>
      <figure ref={figure} aria-busy={hours.isPending}>
        <WeekStrip week={week} />
        <figcaption>
          <span>Last 7 days</span>
          <span>{hours.data ? weekInWords(week) : hours.isError ? 'the days before are not known' : ''}</span>
        </figcaption>
      </figure>
    </div>
  );
}

/** Whether an element is on the screen, or nearly. */
function useInView(ref: RefObject<HTMLElement | null>): boolean {
  const [inView, setInView] = useState(false);
  useEffect(() => {
    if (!ref.current) return;
    const observer = new IntersectionObserver((entries) => setInView(entries.at(-1)?.isIntersecting ?? false), {
      rootMargin: '200px',
    });
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, [ref]);
  return inView;
}
