import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { UserClaims } from '@portcullis/verify/guard';
import { Caller, PortcullisModule } from '@portcullis/verify/nestjs';
import { verifier } from './verifier.js';

@Controller('orders')
class OrdersController {
  @Get() mine(@Caller() caller: UserClaims) {
    return `the orders of ${caller.sub}`;
  }
}
@Module({ imports: [PortcullisModule.forRoot(verifier)], controllers: [OrdersController] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
await app.listen(Number(process.env['PORT'] ?? 4010), '127.0.0.1');
