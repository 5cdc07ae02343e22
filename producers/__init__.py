"""Producers: feeds in, raw articles out. They wait on the network and do no thinking."""
