from cyjwt._engine.verify import Engine

class Asked:
    def __new__(cls, engine: Engine) -> Asked: ...
