import {
  Activity,
  Bell,
  Briefcase,
  ChartCandlestick,
  FileDown,
  Grid3x3,
  History,
  KeyRound,
  LayoutDashboard,
  RadioTower,
  Settings,
  ShieldAlert,
  Stethoscope,
} from 'lucide-react';
import type { ReactNode } from 'react';

interface PageLink {
  readonly to:
    | '/'
    | '/market'
    | '/sources'
    | '/quarantine'
    | '/findings'
    | '/diagnose'
    | '/alerts'
    | '/models'
    | '/coverage'
    | '/exports'
    | '/runs'
    | '/settings'
    | '/keys';
  readonly label: string;
  readonly icon: ReactNode;
  /** On a phone it stands behind “More”: the bar has room for five. */
  readonly behindMore?: true;
}

/** Every page that the navigation and ⌘K lead to, in their order. */
export const pages: readonly PageLink[] = [
  { to: '/', label: 'Overview', icon: <LayoutDashboard /> },
  { to: '/market', label: 'Market', icon: <ChartCandlestick /> },
  { to: '/sources', label: 'Sources', icon: <RadioTower /> },
  { to: '/quarantine', label: 'Quarantine', icon: <ShieldAlert /> },
  { to: '/findings', label: 'Findings', icon: <Activity />, behindMore: true },
  { to: '/diagnose', label: 'Diagnose', icon: <Stethoscope />, behindMore: true },
  { to: '/alerts', label: 'Alerts', icon: <Bell />, behindMore: true },
  { to: '/models', label: 'Models', icon: <Briefcase />, behindMore: true },
  { to: '/coverage', label: 'Coverage', icon: <Grid3x3 />, behindMore: true },
  { to: '/exports', label: 'Exports', icon: <FileDown />, behindMore: true },
  { to: '/runs', label: 'Runs', icon: <History />, behindMore: true },
  { to: '/keys', label: 'Keys', icon: <KeyRound />, behindMore: true },
  { to: '/settings', label: 'Settings', icon: <Settings />, behindMore: true },
];
