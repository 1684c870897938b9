import type { ServiceId } from '../contracts/words/services.ts';

/** A service as it is at an instant. */
export interface ServiceState {
  readonly serviceId: ServiceId;
  readonly running: boolean;
  readonly changedAt: Date;
  /** When a stop ends by itself; `null` while it runs, and for a stop without an end. */
  readonly stoppedUntil: Date | null;
}

/** The switches that a person sets: sources paused or not, services running or not. Handlers read them first. */
export interface SwitchStore {
  /** Pauses a source, without an end or until an instant, or resumes it. */
  setPaused(sourceId: string, paused: boolean, until: Date | null, now: Date): Promise<void>;
  /** Logins that are on hold until a person continues are made again. Changes nothing where none is on hold. */
  continueLogin(sourceId: string, now: Date): Promise<void>;
  /** The services that were ever switched, as they are at an instant. One that is absent runs. */
  services(now: Date): Promise<ServiceState[]>;
  /** Stops a service, without an end or until an instant, or starts it. */
  setRunning(serviceId: ServiceId, running: boolean, until: Date | null, now: Date): Promise<void>;
}
