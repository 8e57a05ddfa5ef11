// Requests go to where the page came from: the issuer that the document names may be another host's name for it.
const here = new URL(".", document.baseURI).href.replace(/\/$/, "");

// The access token is kept until the tab is closed, so that a reload does not sign out. The refresh token is not kept:
// it lives for days, and whoever reads it has the session.
const scheme = "bearer";
const kept = {
  get: () => sessionStorage.getItem(scheme),
  set: (token) => sessionStorage.setItem(scheme, token),
  forget: () => sessionStorage.removeItem(scheme),
};

const keepAuthorization = () => ({
  statePlugins: {
    auth: {
      wrapActions: {
        authorize: (original) => (given) => {
          if (given[scheme]) kept.set(given[scheme].value);
          return original(given);
        },
        logout: (original) => (schemes) => {
          if (schemes.includes(scheme)) kept.forget();
          return original(schemes);
        },
      },
    },
  },
});

const authorize = (token) => {
  const schema = window.ui.specSelectors.specJson().getIn(["components", "securitySchemes", scheme]).toJS();
  window.ui.authActions.authorize({ [scheme]: { name: scheme, schema, value: token } });
};

// A sign-in and a refresh authorise the page, and a sign-out ends that.
const followSession = (response) => {
  const path = new URL(response.url, here).href.slice(here.length);
  if (response.status === 200 && ["/auth/login", "/auth/refresh"].includes(path)) {
    authorize(JSON.parse(response.text).access_token);
  } else if (response.status === 204 && path === "/auth/logout") {
    window.ui.authActions.logout([scheme]);
  }
  return response;
};

// Whether a token has not expired. The page only reads it; the service judges it.
const isFresh = (token) => {
  try {
    const claims = JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
    return claims.exp * 1000 > Date.now();
  } catch {
    return false;
  }
};

const resume = () => {
  const token = kept.get();
  if (token === null) return;
  if (isFresh(token)) authorize(token);
  else kept.forget();
};

fetch("openapi.json")
  .then((answer) => answer.json())
  .then((description) => {
    window.ui = SwaggerUIBundle({
      dom_id: "#page",
      spec: { ...description, servers: [{ url: here }] },
      presets: [SwaggerUIBundle.presets.apis],
      plugins: [keepAuthorization],
      layout: "BaseLayout",
      tryItOutEnabled: true,
      persistAuthorization: false,
      responseInterceptor: followSession,
      onComplete: resume,
      validatorUrl: null,
      defaultModelsExpandDepth: 0,
    });
  });
