/** What use of a stage is assumed, where a price goes by use. `kyo cost` says it with each line. */
export interface Workload {
  gyms: number;
  /** Of people and of tests, at the edge, beside the platform's own looks at itself. */
  requestsADay: number;
  /** Tenants provisioned, changed and erased. */
  operationsAMonth: number;
  smsAMonth: number;
  emailsAMonth: number;
  deploymentsAMonth: number;
  /** What those who look at pages and documents download. */
  downloadedGibibytes: number;
  /** That are in each of the platform's databases. */
  databaseGibibytes: number;
}

export const daysAMonth = 365 / 12;
export const minutesAMonth = daysAMonth * 24 * 60;
export const requestsAMonth = ({ requestsADay }: Workload) => requestsADay * daysAMonth;
/** One in ten asks the control plane. */
export const controlPlaneRequests = (workload: Workload) => requestsAMonth(workload) / 10;
/** Nine steps, some of which wait and are asked again. */
export const turnsOfAnOperation = 20;
