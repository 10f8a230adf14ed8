/** Who changes owners or what a tenant may spend has signed in within this time: as long as two access tokens live. */
export const stepUpSeconds = 30 * 60;
