import { Gauge, type MetricObjectWithValues, type MetricValue } from 'prom-client'

/**
 * A gauge that is told without a type: for a name that Prometheus keeps for counters and histograms, and that we did
 * not choose.
 */
export class UntypedGauge<T extends string> extends Gauge<T> {
  override async get (): Promise<MetricObjectWithValues<MetricValue<T>>> {
    // The library only writes the type out; its own list has no word for this one.
    return { ...await super.get(), type: 'untyped' } as unknown as MetricObjectWithValues<MetricValue<T>>
  }
}
