import { resolve } from '$app/paths';
import type { RouteId } from '$app/types';

/** A page whose address has nothing to fill in. */
export type PlainRoute = Exclude<RouteId, `${string}[${string}`>;

/**
 * The address of a page known only at run time. The one name stands for all of them: the compiler gives up telling
 * apart what `resolve` takes where there are more than 25 of them.
 */
export const addressOf = (route: PlainRoute): string => resolve(route as '/(workspace)');
