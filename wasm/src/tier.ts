import { PleuraError } from './errors.js';

/** What a build may assume: fixed 128-bit SIMD, and relaxed SIMD on top of it. */
export type Tier = 'simd' | 'relaxed';

/** The files: a tier, or relaxed SIMD with threads. */
export type Build = Tier | 'threads';

// The smallest modules that use one instruction of each feature: a browser without it finds them
// invalid. (i8x16.popcnt and i8x16.relaxed_swizzle of two splats.)
// prettier-ignore
const PROBES: Record<Tier, readonly number[]> = {
  simd: [0,97,115,109,1,0,0,0,1,5,1,96,0,1,123,3,2,1,0,10,10,1,8,0,65,0,253,15,253,98,11],
  relaxed: [0,97,115,109,1,0,0,0,1,5,1,96,0,1,123,3,2,1,0,10,15,1,13,0,65,1,253,15,65,2,253,15,253,128,2,11],
};

export function supports(tier: Tier): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(new Uint8Array(PROBES[tier]));
}

export function chooseTier(wanted: Tier | 'auto' = 'auto'): Tier {
  const tier = wanted === 'auto' ? (supports('relaxed') ? 'relaxed' : 'simd') : wanted;
  if (tier !== 'simd' && tier !== 'relaxed') {
    throw new PleuraError('argument', `The tier is "simd", "relaxed" or "auto", not "${String(wanted)}".`);
  }
  if (!supports(tier)) {
    throw new PleuraError(
      'wasm',
      tier === 'simd'
        ? 'This browser cannot run WebAssembly with 128-bit SIMD (Chrome 91, Firefox 89, Safari 16.4 or later can).'
        : 'Relaxed SIMD was asked for, and WebAssembly here does not have it.',
    );
  }
  return tier;
}
