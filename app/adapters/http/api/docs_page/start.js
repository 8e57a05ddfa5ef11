// Requests go to where the page came from: the issuer that the document names may be another host's name for it.
const here = new URL(".", document.baseURI).href.replace(/\/$/, "");

fetch("openapi.json")
  .then((answer) => answer.json())
  .then((description) => {
    window.ui = SwaggerUIBundle({
      dom_id: "#page",
      spec: { ...description, servers: [{ url: here }] },
      presets: [SwaggerUIBundle.presets.apis],
      layout: "BaseLayout",
      tryItOutEnabled: true,
      persistAuthorization: false,
      validatorUrl: null,
      defaultModelsExpandDepth: 0,
    });
  });
