import { useMutation, useQuery } from '@tanstack/react-query';
import { backfillForecastSchema, backfillRequestSchema } from '../../../../core/contracts/http/backfills.ts';
import { startBackfill } from '../../actions/backfill.ts';
import { change } from '../../api/client.ts';
import dialogs from '../../components/dialog.module.css';
import { Dialog } from '../../components/dialog.tsx';
import { DialogChoice } from '../../components/dialog-choice.tsx';
import { Moment } from '../../components/moment.tsx';
import { ErrorState, Loading } from '../../components/states.tsx';
import { formatShare, plural } from '../../text/format.ts';

/** What reading the bars of a time again would cost, before anything is asked for. */
export function BackfillDialog({
  symbol,
  sourceId,
  interval = '1d',
  from,
  to,
  onClose,
}: {
  symbol: string;
  sourceId: string;
  /** `1d` unless given. */
  interval?: string;
  from: string;
  to: string;
  onClose: () => void;
}) {
  const wanted = {
    sourceId,
    symbols: [symbol],
    interval: backfillRequestSchema.shape.interval.parse(interval),
    from,
    to,
  };
  const forecast = useQuery({
    queryKey: ['backfill-forecast', sourceId, symbol, interval, from, to],
    queryFn: async () => (await change('POST', '/backfills', backfillForecastSchema, { ...wanted, dryRun: true })).data,
    retry: false,
  });
  const start = useMutation({ mutationFn: () => startBackfill(wanted), onSettled: onClose });
  return (
    <Dialog title={`Backfill ${symbol}`} narrow onClose={onClose}>
      {forecast.data && (
        <>
          <p className={dialogs.text}>
            Bars ({interval}) of {from} to {to} from {sourceId}: {plural(forecast.data.calls, 'request')},{' '}
            {formatShare(forecast.data.shareOfDay)} of the source’s quota of a day, on{' '}
            {plural(forecast.data.days, 'day')}. Done <Moment at={forecast.data.doneAt} /> at the earliest; live prices
            come first.
          </p>
          <DialogChoice act="Backfill" busy={start.isPending} onClose={onClose} onAct={() => start.mutate()} />
        </>
      )}
      {forecast.isPending && <Loading what="the cost" rows={2} />}
      {forecast.isError && (
        <ErrorState
          what="the cost"
          error={forecast.error}
          retrying={forecast.isFetching}
          onRetry={() => forecast.refetch()}
        />
      )}
    </Dialog>
  );
}
