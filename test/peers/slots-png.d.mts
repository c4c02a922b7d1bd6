/** @returns the bytes of an RGB picture of one colour with a white edge */
export function png(width: number, height: number, colour: [number, number, number]): Buffer;
