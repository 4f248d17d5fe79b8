// A virtual authenticator: the device's own, with a resident key and the person's PIN or finger.

/** @typedef {{hold: (credential?: object) => Promise<void>, credentials: () => Promise<object[]>, verify: (good: boolean) => Promise<void>}} Authenticator */

/**
 * Gives `page` an authenticator that answers by itself. It lives as long as the page.
 * @param {import("playwright-core").Page} page
 * @returns {Promise<Authenticator>}
 */
export async function authenticator(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    hold: async (credential) => {
      await session.send("WebAuthn.clearCredentials", { authenticatorId });
      if (credential) await session.send("WebAuthn.addCredential", { authenticatorId, credential });
    },
    credentials: async () => (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
    verify: async (isUserVerified) => {
      await session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
    },
  };
}
