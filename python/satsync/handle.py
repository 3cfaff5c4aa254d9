"""What is opened is closed once, after all that was opened on it."""

import weakref


class Handle:
    """Owns one object of the library, and keeps alive what that object borrows.

    Closing it closes what was opened on it first. A `with` block closes it; so does its end of life.
    """

    def __init__(self, pointer, parent=None, borrowed=()):
        self._pointer = pointer
        self._parent = parent
        self._borrowed = borrowed
        self._children = weakref.WeakSet()
        if parent is not None:
            parent._children.add(self)

    def _release(self, pointer):
        raise NotImplementedError

    @property
    def pointer(self):
        if self._pointer is None:
            raise ValueError(f"this {type(self).__name__} is closed")
        return self._pointer

    @property
    def closed(self):
        return self._pointer is None

    def close(self):
        """Closing twice is fine."""
        if getattr(self, "_pointer", None) is None:
            return
        for child in list(self._children):
            child.close()
        pointer, self._pointer = self._pointer, None
        # A parent that is gone already was collected in one cycle with this: too late to do it well.
        if self._parent is None or not self._parent.closed:
            self._release(pointer)
        self._parent = None
        self._borrowed = ()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def __del__(self):
        self.close()
