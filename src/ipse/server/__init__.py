"""The service: the pipeline's verbs over HTTP, for one machine, and the web app that asks it.

``app.create`` makes it, ``serving.serve`` runs it. It knows no verb of its own: a route takes JSON apart,
asks the pipeline, and puts what it says into JSON.
"""

__all__: list[str] = []
