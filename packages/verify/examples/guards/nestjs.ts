import { Controller, Get, Module } from '@nestjs/common';
import type { Verifier } from '@portcullis/verify';
import type { UserClaims } from '@portcullis/verify/guard';
import { Caller, PortcullisModule } from '@portcullis/verify/nestjs';

declare const verifier: Verifier;

@Controller('orders')
class OrdersController {
  @Get() mine(@Caller() caller: UserClaims) {
    return `the orders of ${caller.sub}`;
  }
}
@Module({ imports: [PortcullisModule.forRoot(verifier)], controllers: [OrdersController] })
export class AppModule {}
