"""JOSE by joserfc: signed tokens and JWK Sets. No other package imports joserfc."""
