import { expect, it } from "vitest";
import { COLORS, categoryColors } from "../../src/canvas/palette";

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

/** What is left of linear RGB to eyes that miss one kind of cones (Machado, Oliveira and Fernandes 2009, severity 1). */
const EYES: Readonly<Record<string, Matrix>> = {
  usual: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

const times = (matrix: Matrix, [a, b, c]: Triple): Triple => matrix.map(([x, y, z]) => x * a + y * b + z * c) as unknown as Triple;

function linear(color: string): Triple {
  return [1, 3, 5].map((at) => {
    const share = parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Triple;
}

/** OKLab (Ottosson 2020). */
function lab(rgb: Triple): Triple {
  const cones = times([[0.41222147, 0.53633254, 0.05144599], [0.2119035, 0.6806995, 0.10739696], [0.08830246, 0.28171884, 0.62997871]], rgb);
  const roots = cones.map((one) => Math.cbrt(Math.max(0, one))) as unknown as Triple;
  return times([[0.21045426, 0.79361779, -0.00407205], [1.9779985, -2.42859221, 0.4505937], [0.02590404, 0.78277177, -0.80867577]], roots);
}

it.each(Object.entries(EYES))("no two categories look alike to %s eyes", (_, eyes) => {
  const seen = COLORS.map((color) => lab(times(eyes, linear(color))));
  seen.forEach((a, index) => {
    for (const b of seen.slice(0, index)) {
      // Two hundredths are about what can just be told apart.
      expect(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]), COLORS[index]).toBeGreaterThan(0.045);
    }
  });
});

it("gives the first categories of a project a colour each, whatever their ids", () => {
  const categories = Array.from({ length: COLORS.length }, (_, n) => ({ id: 90 - n * 3, name: `${n}`, supercategory: "" }));
  expect(new Set(categoryColors(categories).values()).size).toBe(COLORS.length);
});
