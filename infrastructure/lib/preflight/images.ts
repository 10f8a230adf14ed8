import { buildsFor, hasDocker } from '@kyong/images/engine';
import { imagePlatform } from '../images.ts';
import { type Check, ok } from './check.ts';

const pushed = 'or deploy images that were pushed: --revision SHA (npm run push-image, or the workflow).';

/** The error would come after bootstrapping, in the middle of a build. */
export const imageCheck: Check = {
  name: 'images',
  async look({ buildsImages }) {
    if (buildsImages === false) return ok('published ones');
    const level = buildsImages ? 'error' : 'warning';
    if (!(await hasDocker()))
      return [
        {
          level,
          detail: 'built here, which needs Docker with its engine running',
          remedy: `Start it, ${pushed}`,
        },
      ];
    if (await buildsFor(imagePlatform)) return ok(`Docker builds for ${imagePlatform}`);
    return [
      {
        level,
        detail: `tasks run on ${imagePlatform}, and Docker's builder does not build for it`,
        remedy: `Add QEMU: docker run --privileged --rm tonistiigi/binfmt --install arm64; ${pushed}`,
      },
    ];
  },
};
