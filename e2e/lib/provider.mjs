// The identity provider of the tests: its switches, and signing in at its own pages.
import assert from "node:assert/strict";

export const ISSUER = process.env.SIGILO_OIDC_ISSUER;
export const BUTTON = "Entrar com a conta da clínica de teste";

/** Changes how the provider behaves. */
export async function provider(state) {
  const answer = await fetch(`${ISSUER}/test`, { method: "POST", body: JSON.stringify(state) });
  assert.equal(answer.status, 204);
}

/** Signs in at the provider's own pages. */
export async function identify(page, login) {
  await page.waitForURL(`${ISSUER}/**`);
  await page.getByPlaceholder("Enter any login").fill(login);
  await page.getByPlaceholder("and password").fill("x");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}
